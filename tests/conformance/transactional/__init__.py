"""The peers' transactional tests: files of `//#` commands, each beside a file with the expected output."""
