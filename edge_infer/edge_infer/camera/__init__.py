"""Live reading: from a camera, video or stream to digits in a window, a video or a log."""

from edge_infer.camera.cameras import FoundCamera, list_cameras
from edge_infer.camera.live import FrameResult, SeenDigit, recognise_frames, recognise_image
from edge_infer.camera.newest import Frame
from edge_infer.camera.video import FrameSource
from edge_infer.camera.webcam import WebcamConfig, WebcamSummary, run_webcam

__all__ = [
    "FoundCamera",
    "Frame",
    "FrameResult",
    "FrameSource",
    "SeenDigit",
    "WebcamConfig",
    "WebcamSummary",
    "list_cameras",
    "recognise_frames",
    "recognise_image",
    "run_webcam",
]
