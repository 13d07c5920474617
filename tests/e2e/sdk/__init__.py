"""The official SDK against a network of ours."""
