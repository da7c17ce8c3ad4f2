"""Published weights to plain fp32 ONNX, opset 17: every converter is a pure function of bytes."""
