"""Runs each signature of a TFLite file once, on zeros: python run_once.py FILE

It runs in a process of its own: an operator that doesn't support a precision can end the process
(`tflite.crashes`).
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

if __name__ == "__main__":
    interpreter = Interpreter(sys.argv[1])
    for name in interpreter.get_signature_list():
        run = interpreter.get_signature_runner(name)
        inputs = run.get_input_details().items()
        run(**{key: np.zeros(kind["shape"], kind["dtype"]) for key, kind in inputs})
