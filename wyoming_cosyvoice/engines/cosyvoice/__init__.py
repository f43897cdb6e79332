"""CosyVoice-300M on ONNX Runtime.

`load(bundle_dir)` returns the stages by name; `CosyVoiceEngine` is what the server runs.
"""

from wyoming_cosyvoice.engines.cosyvoice.model import CosyVoice, load

__all__ = ["CosyVoice", "load"]
