"""The spine: a request becomes a stream of audio. No sockets, no ONNX."""
