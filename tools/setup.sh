#!/bin/sh
# Make the virtual environment and install everything into it.
# Usage: tools/setup.sh PYTHON VENV
set -eu
python=$1
venv=$2
echo "setting up $venv with $("$python" --version) (some minutes the first time)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all]'

# opencv-python brings windows and needs libGL; a machine without it is served by the headless build.
if ! "$venv/bin/python" -c 'import cv2' 2>/dev/null; then
    version=$(sed -n 's/^opencv-python==//p' constraints.txt)
    echo "no libGL on this machine: using opencv-python-headless $version"
    "$venv/bin/pip" uninstall --quiet --yes opencv-python
    "$venv/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version"
    "$venv/bin/python" -c 'import cv2'
fi
