"""Asset packages that users may start from: `movelite move new NAME --template TEMPLATE`.

A folder is a package as it is published. Its own named address (the one that is 0x0) stands for the name that
the user gives; nothing else is to be replaced.
"""
