throw new Error('sharp is left out of Patio: no image is processed in Node');
