"""Draw the DAG and the rooms of the library into docs/images/: `python -m tools.draw_pictures`."""

from pathlib import Path

from tools import boxes, dag, rooms

IMAGES = Path("docs/images")


def main() -> None:
    stages = dag.load_stages(Path())
    edges = boxes.reduce_edges(dag.find_edges(stages))
    boxes.draw(dag.build_boxes(stages), edges, IMAGES / "dag.svg", dag.LAYOUT)
    layers = rooms.read_layers(Path())
    rooms.draw_layers(layers, IMAGES / "rooms.svg")
    print(f"{IMAGES}: {len(stages)} stages, {sum(map(len, layers))} rooms")


if __name__ == "__main__":
    main()
