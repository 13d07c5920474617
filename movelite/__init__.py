"""The Move language: compile, verify and run real Move bytecode."""
