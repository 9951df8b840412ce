"""What lies between the stages: where each file is, said once, and how it is read and written. A module an artifact, so
that an edit re-runs those stages alone that use it; an error that names the file where one is missing or damaged. Also
what every room tells the user by: `PipelineError`, and the progress of long work.

May import: nothing of ours.
"""
