"""Networks: quantised ONNX in, an integer network (`hwgen.net.ir.QNet`) out.

`hwgen.net.load.load_network(path)` is the whole job. Nothing here knows an architecture.
"""
