throw new Error('onnxruntime-node is left out of Patio: the runtime is onnxruntime-web');
