"""The movelite command."""
