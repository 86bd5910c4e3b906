/* Draws images by an exported generator, in C:  ./sample generator.tflite 7 out

   Writes out.image, out.sample and out.z. Each holds raw float32 numbers, of the images with the
   seeds (7, 0), (7, 1), …, as many as the largest batch size. Their shapes are printed, and stand in
   model_card.json too. A conditional model needs one more argument, which counts for all images: a
   label, or a file of the raw float32 numbers of an image. The program doesn't compare the model with
   the checksum in model_card.json: `sha256sum generator.tflite` prints what to compare. It links to libLiteRt alone, for
   instance to that of the Python package ai-edge-litert, in its folder $DIR:

     gcc -O2 sample.c -o sample -L $DIR -l:libLiteRt.so -Wl,-rpath,$DIR

   The package has no headers, so the prototypes of LiteRT 2's C API stand below. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct Environment Environment;
typedef struct Options Options;
typedef struct Model Model;
typedef struct Compiled Compiled;
typedef struct Signature Signature;
typedef struct Tensor Tensor;
typedef struct Requirements Requirements;
typedef struct Buffer Buffer;
typedef struct {
  int32_t element, rank, sizes[8], strides[8]; /* of rank, only the lowest 7 bits count */
} Type;
enum { CPU = 1, READ = 0, WRITE = 1, FLOAT32 = 1, INT32 = 2, MOST = 8 };

int LiteRtCreateEnvironment(int, const void *, Environment **);
int LiteRtCreateOptions(Options **);
int LiteRtSetOptionsHardwareAccelerators(Options *, int);
int LiteRtCreateModelFromFile(Environment *, const char *, Model **);
int LiteRtCreateCompiledModel(Environment *, Model *, Options *, Compiled **);
int LiteRtGetModelMetadata(Model *, const char *, const void **, size_t *);
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

static int32_t whole(const char *name, const char *text) {
  char *end, about[64];
  long number = strtol(text, &end, 10);
  snprintf(about, sizeof about, "%s must be a whole number of 32 bits, got", name);
  if (!*text || *end || number != (int32_t)number) fail(about, text);
  return number;
}

/* The highest number of a condition that the model card in the file names; without one, `most`. The
   file holds the card as JSON without spaces. */
static double highest_number(Model *model, double most) {
  const void *card;
  size_t size;
  if (LiteRtGetModelMetadata(model, "model_card.json", &card, &size)) return most;
  char *text = calloc(size + 1, 1);
  memcpy(text, card, size);
  const char *range = strstr(text, "\"condition\":[0,");
  if (range) sscanf(range, "\"condition\":[0,%lf", &most);
  free(text);
  return most;
}

/* Writes the same condition for each of `batch` images: a label, or the numbers of a file. */
static void write_condition(void *data, const Type *type, size_t batch, const char *given,
                            Model *model) {
  size_t size = count(type) / batch;
  if (type->element == INT32) {
    int32_t label = whole("CONDITION", given), highest = highest_number(model, INT32_MAX);
    char about[64];
    snprintf(about, sizeof about, "CONDITION must be a label from 0 to %d, got", highest);
    if (label < 0 || label > highest) fail(about, given);
    for (size_t i = 0; i < batch * size; i++) ((int32_t *)data)[i] = label;
    return;
  }
  FILE *file = fopen(given, "rb");
  if (!file || fread(data, 4, size, file) != size || fgetc(file) != EOF)
    fail("CONDITION must be a file of the float32 numbers of one image, got", given);
  fclose(file);
  double highest = highest_number(model, INFINITY);
  for (size_t i = 0; i < size; i++) {
    double number = ((float *)data)[i];
    int is_bounded = highest < INFINITY;
    if (!isfinite(number) || (is_bounded && (number < 0 || number > highest)))
      fail(is_bounded ? "CONDITION must hold finite numbers from 0 to what the card says, not so in"
                      : "CONDITION must hold finite numbers, not so in", given);
  }
  for (size_t b = 1; b < batch; b++) memcpy((float *)data + b * size, data, 4 * size);
}

/* Writes a file that gets its name only when it is complete. */
static void write_whole(const char *name, const float *data, size_t n) {
  char part[4200];
  snprintf(part, sizeof part, "%s.part", name);
  FILE *file = fopen(part, "wb");
  if (!file) fail("can't write", name);
  int failed = fwrite(data, 4, n, file) != n;
  failed |= fclose(file) != 0;
  if (!failed && !rename(part, name)) return;
  remove(part);
  fail("can't write", name);
}

int main(int argc, char **argv) {
  const char *usage = "sample [-t TIMES TO RUN] MODEL SEED OUT [CONDITION]";
  int times = 0;
  /* A seed may be negative. With the +, options end at the first argument that isn't an option. */
  for (int option; (option = getopt(argc, argv, "+t:")) != -1;)
    option == 't' ? (void)(times = whole("TIMES", optarg)) : fail("usage:", usage);
  argc -= optind, argv += optind;
  if (argc < 3 || argc > 4) fail("usage:", usage);
  const char *path = argv[0], *prefix = argv[2], *condition = argc == 4 ? argv[3] : NULL;
  int32_t seed = whole("SEED", argv[1]);

  Environment *environment;
  Options *options;
  Model *model;
  Compiled *compiled;
  TRY(LiteRtCreateEnvironment(0, NULL, &environment));
  TRY(LiteRtCreateOptions(&options));
  TRY(LiteRtSetOptionsHardwareAccelerators(options, CPU));
  if (LiteRtCreateModelFromFile(environment, path, &model)) fail("no model at", path);
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
  if (!found) fail("no signature that samples in", path);

  size_t inputs, outputs;
  Buffer *in[MOST], *out[MOST];
  Type types[MOST];
  const char *names[MOST];
  Tensor *tensor;
  Requirements *needed;
  void *data;
  TRY(LiteRtGetNumSignatureInputs(found, &inputs));
  TRY(LiteRtGetNumSignatureOutputs(found, &outputs));
  if (inputs != (condition ? 2 : 1))
    fail(condition ? "this model takes no" : "this model needs a", "CONDITION");
  for (size_t i = 0; i < inputs; i++) {
    TRY(LiteRtGetSignatureInputName(found, i, &names[i]));
    TRY(LiteRtGetSignatureInputTensorByIndex(found, i, &tensor));
    TRY(LiteRtGetRankedTensorType(tensor, &types[i]));
    TRY(LiteRtGetCompiledModelInputBufferRequirements(compiled, index, i, &needed));
    TRY(LiteRtCreateManagedTensorBufferFromRequirements(environment, &types[i], needed, &in[i]));
    TRY(LiteRtLockTensorBuffer(in[i], &data, WRITE));
    if (!strcmp(names[i], "condition")) write_condition(data, &types[i], best, condition, model);
    else
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
    char name[4096];
    if (types[i].element != FLOAT32) fail("float32 was expected of", names[i]);
    snprintf(name, sizeof name, "%s.%s", prefix, names[i]);
    TRY(LiteRtLockTensorBuffer(out[i], &data, READ));
    write_whole(name, data, count(&types[i]));
    TRY(LiteRtUnlockTensorBuffer(out[i]));
    printf("%s:", name);
    for (int d = 0; d < (types[i].rank & 127); d++) printf(" %d", types[i].sizes[d]);
    printf("\n");
  }

  if (times > 0) {
    struct timespec start, stop;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < times; i++)
      TRY(LiteRtRunCompiledModel(compiled, index, inputs, in, outputs, out));
    clock_gettime(CLOCK_MONOTONIC, &stop);
    double ms = 1e3 * (stop.tv_sec - start.tv_sec) + 1e-6 * (stop.tv_nsec - start.tv_nsec);
    printf("%.4f ms a run\n", ms / times);
  }
  return 0;
}
