"""Keys: who may do what over HTTP."""
