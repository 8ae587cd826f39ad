"""Runs the models that onnxruntime.test.ts wrote: python run-onnx.py FOLDER. Prints the logits of each case as JSON."""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

folder = pathlib.Path(sys.argv[1])
found = {}
for number, case in enumerate(json.loads((folder / "cases.json").read_text())):
    place = folder / str(number)
    model = str(place / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["classNames"]) == case["classes"], case["name"]
    values = numpy.fromfile(place / "input", case["input"]["type"]).reshape(case["input"]["shape"])
    logits, probabilities = session.run(["logits", "probabilities"], {case["input"]["name"]: values})
    assert numpy.allclose(probabilities.sum(axis=1), 1, atol=1e-5), case["name"]
    found[number] = logits.flatten().tolist()
print(json.dumps(found))
