"""Administrative regions (行政区划) after GB/T 2260."""
