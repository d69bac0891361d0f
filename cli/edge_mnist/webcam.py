"""`edge-mnist webcam`: read digits live from a camera, a video or a stream."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from edge_mnist.options import ForceOption, ModelOption, ThreadsOption
from edge_mnist.terminal import ERR, OUT

EXAMPLES: Final = """
    edge-mnist webcam                                 # camera 0
    edge-mnist webcam --source rtsp://user:password@camera.local/stream
    edge-mnist webcam --source tally.mp4 --headless --record out.mp4
    edge-mnist webcam --headless --jsonl - | jq .digits
"""


def command(
    *,
    camera: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Index of a camera. [default: 0]")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="A video file, or an http:// or rtsp:// address."),
    ] = None,
    model: ModelOption = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no window.")] = False,
    record: Annotated[
        Path | None, typer.Option(metavar="OUT.mp4", help="Write a video of the frames and boxes.")
    ] = None,
    jsonl: Annotated[
        str | None, typer.Option(metavar="OUT", help="Write a JSON object per frame; `-`: stdout.")
    ] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after this number of frames.")
    ] = None,
    snapshots: Annotated[Path, typer.Option(metavar="DIR", help="Folder for snapshots.")] = Path(),
    threads: ThreadsOption = 1,
    force: ForceOption = False,
) -> None:
    """Find and read the digits in each frame of a camera, a video file or a stream.

    Ctrl-C or SIGTERM stops it and keeps what was recorded. Keys in the window: `q` or Esc quits,
    `s` saves a snapshot, space pauses.
    """
    from edge_infer.camera.webcam import WebcamConfig, run_webcam
    from edge_infer.environment import is_verbose
    from edge_infer.errors import UsageError

    if camera is not None and source is not None:
        raise UsageError("give --camera or --source, not both")
    summary = run_webcam(
        WebcamConfig(
            camera=camera or 0,
            source=source,
            model=model,
            threads=threads,
            headless=headless,
            record=record,
            jsonl=jsonl,
            max_frames=max_frames,
            snapshots=snapshots,
            overwrite=force,
            verbose=is_verbose(),
        )
    )
    console = ERR if jsonl == "-" else OUT
    for path in summary.snapshots:
        console.print(f"snapshot {path}", markup=False)
    console.print(str(summary), markup=False)
