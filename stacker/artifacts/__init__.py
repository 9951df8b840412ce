"""What lies between the stages: where each file is (said here and nowhere else), how it is read and written, and the
error that names it when it is missing. A module an artifact, so that an edit re-runs those alone that use it.

May import: nothing of ours.
"""
