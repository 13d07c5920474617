"""JSON-RPC and REST over one service core."""
