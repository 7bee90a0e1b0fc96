"""The quantized computation of the core layers, as mix-ins: one idea per file."""
