/* Draws images by an exported generator, in C:  ./sample generator.tflite 7 out

   Writes out.image, out.sample and out.z, raw float32 numbers of the images with the seeds (7, 0),
   (7, 1), … The shapes, of model_card.json too, are printed. Links to libLiteRt alone, for instance
   that of the Python package ai-edge-litert:

     gcc -O2 sample.c -o sample -L $DIR -l:libLiteRt.so -Wl,-rpath,$DIR

   The prototypes below are those of LiteRT 2's C API, for the package has no headers. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Environment Environment;
typedef struct Options Options;
typedef struct Model Model;
typedef struct Compiled Compiled;
typedef struct Signature Signature;
typedef struct Tensor Tensor;
typedef struct Requirements Requirements;
typedef struct Buffer Buffer;
typedef struct {
  int32_t element, rank, sizes[8], strides[8]; /* of rank, the lowest 7 bits */
} Type;
enum { CPU = 1, READ = 0, WRITE = 1, FLOAT32 = 1, MOST = 8 };

int LiteRtCreateEnvironment(int, const void *, Environment **);
int LiteRtCreateOptions(Options **);
int LiteRtSetOptionsHardwareAccelerators(Options *, int);
int LiteRtCreateModelFromFile(Environment *, const char *, Model **);
int LiteRtCreateCompiledModel(Environment *, Model *, Options *, Compiled **);
int LiteRtGetNumModelSignatures(Model *, size_t *);
int LiteRtGetModelSignature(Model *, size_t, Signature **);
int LiteRtGetSignatureKey(Signature *, const char **);
int LiteRtGetNumSignatureInputs(Signature *, size_t *);
int LiteRtGetNumSignatureOutputs(Signature *, size_t *);
int LiteRtGetSignatureInputName(Signature *, size_t, const char **);
int LiteRtGetSignatureOutputName(Signature *, size_t, const char **);
int LiteRtGetSignatureInputTensorByIndex(Signature *, size_t, Tensor **);
int LiteRtGetSignatureOutputTensorByIndex(Signature *, size_t, Tensor **);
int LiteRtGetRankedTensorType(Tensor *, Type *);
int LiteRtGetCompiledModelInputBufferRequirements(Compiled *, size_t, size_t, Requirements **);
int LiteRtGetCompiledModelOutputBufferRequirements(Compiled *, size_t, size_t, Requirements **);
int LiteRtCreateManagedTensorBufferFromRequirements(Environment *, const Type *, Requirements *,
                                                    Buffer **);
int LiteRtLockTensorBuffer(Buffer *, void **, int);
int LiteRtUnlockTensorBuffer(Buffer *);
int LiteRtRunCompiledModel(Compiled *, size_t, size_t, Buffer **, size_t, Buffer **);

static void fail(const char *what, const char *about) {
  fprintf(stderr, "error: %s %s\n", what, about);
  exit(2);
}

#define TRY(call) ((call) ? fail("LiteRT refused", #call) : (void)0)

static size_t count(const Type *type) {
  size_t n = 1;
  for (int i = 0; i < (type->rank & 127); i++) n *= type->sizes[i];
  return n;
}

int main(int argc, char **argv) {
  if (argc < 4 || argc > 5) fail("usage:", "sample MODEL SEED OUT [TIMES TO RUN]");
  char *end;
  long seed = strtol(argv[2], &end, 10);
  if (*end || seed != (int32_t)seed) fail("SEED must be a whole number of 32 bits, got", argv[2]);

  Environment *environment;
  Options *options;
  Model *model;
  Compiled *compiled;
  TRY(LiteRtCreateEnvironment(0, NULL, &environment));
  TRY(LiteRtCreateOptions(&options));
  TRY(LiteRtSetOptionsHardwareAccelerators(options, CPU));
  if (LiteRtCreateModelFromFile(environment, argv[1], &model)) fail("no model at", argv[1]);
  TRY(LiteRtCreateCompiledModel(environment, model, options, &compiled));

  /* The signature sample_B of the largest batch. */
  size_t signatures, index = 0, best = 0;
  Signature *signature, *found = NULL;
  TRY(LiteRtGetNumModelSignatures(model, &signatures));
  for (size_t i = 0; i < signatures; i++) {
    const char *key;
    TRY(LiteRtGetModelSignature(model, i, &signature));
    TRY(LiteRtGetSignatureKey(signature, &key));
    size_t batch = strncmp(key, "sample_", 7) ? 0 : strtoul(key + 7, NULL, 10);
    if (batch > best) best = batch, index = i, found = signature;
  }
  if (!found) fail("no signature that samples in", argv[1]);

  size_t inputs, outputs;
  Buffer *in[MOST], *out[MOST];
  Type types[MOST];
  const char *names[MOST];
  Tensor *tensor;
  Requirements *needed;
  void *data;
  TRY(LiteRtGetNumSignatureInputs(found, &inputs));
  TRY(LiteRtGetNumSignatureOutputs(found, &outputs));
  for (size_t i = 0; i < inputs; i++) {
    TRY(LiteRtGetSignatureInputName(found, i, &names[i]));
    if (strcmp(names[i], "seed")) fail("this program gives a seed alone; the model wants", names[i]);
    TRY(LiteRtGetSignatureInputTensorByIndex(found, i, &tensor));
    TRY(LiteRtGetRankedTensorType(tensor, &types[i]));
    TRY(LiteRtGetCompiledModelInputBufferRequirements(compiled, index, i, &needed));
    TRY(LiteRtCreateManagedTensorBufferFromRequirements(environment, &types[i], needed, &in[i]));
    TRY(LiteRtLockTensorBuffer(in[i], &data, WRITE));
    for (size_t b = 0; b < best; b++) {
      ((int32_t *)data)[2 * b] = seed;
      ((int32_t *)data)[2 * b + 1] = b;
    }
    TRY(LiteRtUnlockTensorBuffer(in[i]));
  }
  for (size_t i = 0; i < outputs; i++) {
    TRY(LiteRtGetSignatureOutputName(found, i, &names[i]));
    TRY(LiteRtGetSignatureOutputTensorByIndex(found, i, &tensor));
    TRY(LiteRtGetRankedTensorType(tensor, &types[i]));
    TRY(LiteRtGetCompiledModelOutputBufferRequirements(compiled, index, i, &needed));
    TRY(LiteRtCreateManagedTensorBufferFromRequirements(environment, &types[i], needed, &out[i]));
  }

  TRY(LiteRtRunCompiledModel(compiled, index, inputs, in, outputs, out));
  for (size_t i = 0; i < outputs; i++) {
    char path[4096];
    if (types[i].element != FLOAT32) fail("float32 was expected of", names[i]);
    snprintf(path, sizeof path, "%s.%s", argv[3], names[i]);
    FILE *file = fopen(path, "wb");
    if (!file) fail("can't write", path);
    TRY(LiteRtLockTensorBuffer(out[i], &data, READ));
    size_t n = count(&types[i]);
    if (fwrite(data, 4, n, file) != n || fclose(file)) fail("can't write", path);
    TRY(LiteRtUnlockTensorBuffer(out[i]));
    printf("%s:", path);
    for (int d = 0; d < (types[i].rank & 127); d++) printf(" %d", types[i].sizes[d]);
    printf("\n");
  }

  if (argc == 5) {
    struct timespec start, stop;
    int times = atoi(argv[4]);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < times; i++)
      TRY(LiteRtRunCompiledModel(compiled, index, inputs, in, outputs, out));
    clock_gettime(CLOCK_MONOTONIC, &stop);
    double ms = 1e3 * (stop.tv_sec - start.tv_sec) + 1e-6 * (stop.tv_nsec - start.tv_nsec);
    printf("%.4f ms a run\n", ms / times);
  }
  return 0;
}
