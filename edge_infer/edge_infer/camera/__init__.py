"""Live recognition of the frames of a camera, video or stream."""

from edge_infer.camera.live import FrameResult, SeenDigit, recognise_frames, recognise_image
from edge_infer.camera.sources import FoundCamera, Frame, FrameSource, list_cameras
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
