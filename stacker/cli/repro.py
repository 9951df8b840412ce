"""`stacker repro`."""

from typing import Annotated

import typer

from stacker.cli.app import app


@app.command()
def repro(
    targets: Annotated[list[str] | None, typer.Argument(help="As `dvc repro` takes them.", show_default="all")] = None,
    jobs: Annotated[
        str, typer.Option("--jobs", "-j", help="Stages at once; auto: by cores and memory.", show_default=True)
    ] = "auto",
    cpus_per_stage: Annotated[
        int | None, typer.Option(min=1, help="Cores that a stage is held to.", show_default="all")
    ] = None,
    gpus_per_stage: Annotated[
        float | None, typer.Option(min=0, help="GPUs of a stage.", show_default="1 where there are any")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="A Ray cluster: auto on one of its machines, or host:port.", show_default="none")
    ] = None,
    remote: Annotated[
        str | None, typer.Option(help="The DVC remote that a cluster's results travel through.", show_default="default")
    ] = None,
    open_cluster: Annotated[
        bool, typer.Option("--open-cluster", help="Take a cluster that asks nobody for a token.")
    ] = False,
    pull: Annotated[bool, typer.Option("--pull", help="As `dvc repro --pull`.")] = False,
) -> None:
    """Do what `dvc repro` does, several stages at once. It needs the extra `cluster` (Ray).

    Each stage runs in a clone that shares DVC's cache; at the end `dvc repro` itself takes from there what was
    computed, and runs what is missing. Ctrl-C stops all.

    \b
    stacker repro --jobs 2
    stacker repro train@xception --jobs auto
    """  # noqa: D301 - \b is the sign for Click to keep the lines
    from stacker.cluster.driver import repro as run
    from stacker.cluster.wishes import Wishes

    options = ["--pull"] if pull else []
    wishes = Wishes(targets or [], jobs, cpus_per_stage, gpus_per_stage, options, address, remote, open_cluster)
    raise typer.Exit(run(wishes))
