"""`edge-mnist samples`: write pictures to try the other verbs on."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from edge_mnist.options import DataOption, FolderOption, ForceFolderOption, SeedOption
from edge_mnist.terminal import OUT, ProgressView

EXAMPLES: Final = """
    edge-mnist samples -o try/                      # two pictures of each digit
    edge-mnist samples --data mnist -o try/ --all   # 10,000 files
    edge-mnist samples --data my-glyphs/ -o try/ --count 50
"""


def command(
    *,
    output: FolderOption,
    data: DataOption = "auto",
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, help="Number of pictures, evenly of all classes.")
    ] = 20,
    every: Annotated[bool, typer.Option("--all", help="Write every test picture.")] = False,
    seed: SeedOption = 0,
    force: ForceFolderOption = False,
) -> None:
    """Write test pictures of a data set as PNG files, named by index and label."""
    import shlex

    from edge_infer.io.atomic import make_folder
    from edge_train.data import load_dataset
    from edge_train.data.samples import write_samples

    # Before the data set is loaded, which may be a long download.
    make_folder(output, overwrite=force)
    with ProgressView() as view:
        dataset = load_dataset(data, notify=view.notify, progress=view.progress)
    paths = write_samples(
        dataset, output, count=None if every else count, seed=seed, overwrite=force
    )
    OUT.print(f"wrote {len(paths):,} pictures to {output}, such as {paths[0].name}", markup=False)
    if not every and len(paths) < count:
        OUT.print(f"the test part of {dataset.name} has only {len(paths):,} pictures", markup=False)
    is_digits = dataset.class_names == tuple("0123456789")
    model = "" if is_digits else " --model FILE.onnx  # a model of these classes"
    OUT.print(f"try:  edge-mnist predict {shlex.quote(str(output))}{model}", markup=False)
