#!/bin/sh
# Make the virtual environment and install everything into it.
# Usage: tools/setup.sh VENV    with PYTHON=... to name the interpreter
set -eu
venv=$1

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "no Python 3.11, 3.12 or 3.13 found (tried: ${PYTHON:-python3.13 python3.12 python3.11 python3 python}); name one with make PYTHON=..." >&2
    exit 1
}

python=$(find_python)
echo "setting up $venv with $("$python" --version) (some minutes the first time)"
# Without pip it is the rest of a broken-off setup.
[ -x "$venv/bin/pip" ] || "$python" -m venv --clear "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all]'

# opencv-python brings windows and needs libGL; a machine without it is served by the headless build.
if ! "$venv/bin/python" -c 'import cv2' 2>/dev/null; then
    version=$(sed -n 's/^opencv-python==//p' constraints.txt)
    echo "OpenCV cannot be imported here (no libGL?): using opencv-python-headless $version"
    "$venv/bin/pip" uninstall --quiet --yes opencv-python
    "$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps \
        "opencv-python-headless==$version"
    "$venv/bin/python" -c 'import cv2'
fi
