"""Asset packages that users may start from."""
