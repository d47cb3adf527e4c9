"""From a folder of heads with labels to the network's file, its card and its figures.

    cd models && python -m train --config train/full.toml --heads FOLDER --work FOLDER

A run goes on from the last checkpoint in the work folder. It leaves there the network (`face.onnx`, and in
eight bits `face_int8.onnx`), its card (`face.toml`), its figures (`figures.json`), pictures of the held-out
heads (`heads.png`, of real persons perhaps: not to be published) and the course of the training (`log.txt`).
"""
import argparse
from pathlib import Path

from . import card, confidence, config, evaluate, export, heads, loop, quantise


def main():
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=Path, help="a TOML file; train/full.toml made the shipped network")
    parser.add_argument("--heads", required=True, action="append", type=Path,
                        help="folder with NAME/{image,labels,extent}.nii.gz and NAME.nii.gz of scans without a face; repeatable")
    parser.add_argument("--work", required=True, type=Path, help="where caches, checkpoints and results go")
    parser.add_argument("--minutes", type=float, help="stop training after this long, whatever the step")
    parser.add_argument("--start", help="an exported network of the same design, whose weights a new training begins with")
    options = parser.parse_args()
    settings = config.read(options.config)
    options.work.mkdir(parents=True, exist_ok=True)
    files = heads.prepare(settings, options.heads, options.work)
    checkpoint = loop.train(settings, files, options.work, options.minutes, options.start)
    model, int8 = options.work / "face.onnx", options.work / "face_int8.onnx"
    graph = export.export(settings, checkpoint, str(model))
    quantise.quantise(settings, options.heads, model, int8)
    temperature = confidence.fit(settings, options.heads, model)
    card.write(settings, graph, temperature, model, int8, options.work / "face.toml")
    for name, figures in evaluate.evaluate(settings, options.heads, model, options.work).items():
        print(f"{name}\t{figures}")


if __name__ == "__main__":
    main()
