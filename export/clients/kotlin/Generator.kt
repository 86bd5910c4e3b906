// Draws images by an exported generator, on Android. This file could not be built where it was
// written. Its calls are those of com.google.ai.edge.litert:litert:2.3.0. In build.gradle:
//
//   implementation("com.google.ai.edge.litert:litert:2.3.0")
//   androidResources { noCompress += "tflite" }
//
// Generator(context.assets, "generator.tflite").use { it.sample(7).getValue("image").row(0) }
//
// A conditional model needs a condition for each image of the batch, for instance the label 3:
//
// generator.sample(7) { writeInt(IntArray(16) { 3 }) }

import android.content.res.AssetManager
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.TensorBuffer

/** Writes an input of the whole batch. */
typealias Write = TensorBuffer.() -> Unit

/** An output [batch, ...] as one array; images are [batch, height, width, channels]. */
class Rows(val values: FloatArray, val batch: Int) {
  /** The values of image b alone. */
  fun row(b: Int): FloatArray {
    val size = values.size / batch
    return values.copyOfRange(b * size, (b + 1) * size)
  }
}

/**
 * Calls a generator. Outputs come by name. Conditional models take a `condition`, in the functions
 * that the README.md of the export lists with one.
 *
 * @param batch one of the batch sizes that the file was exported with.
 */
class Generator(assets: AssetManager, name: String, private val batch: Int = 16) : AutoCloseable {
  private val model = CompiledModel.create(assets, name, CompiledModel.Options.CPU)

  /**
   * Draws images of the seeds (seed, 0), (seed, 1), …, the same on every device: "image", the mean of
   * p(x|z); "sample", a draw of p(x|z); and "z".
   *
   * @param temperature multiplies the prior's standard deviation, in all layers of latents.
   */
  fun sample(seed: Int, temperature: Float = 1f, condition: Write? = null): Map<String, Rows> {
    return run(
      "sample_with_temperature_$batch",
      listOf("image", "sample", "z"),
      mapOf("seed" to seeds(seed), "temperature" to all(temperature), "condition" to condition),
    )
  }

  /**
   * As `sample`, of latents z [batch, D] of a model with several layers of latents: only the lowest
   * `layers` layers are drawn anew, so images of the same z differ in details.
   */
  fun vary(
    z: FloatArray,
    seed: Int,
    layers: Int,
    temperature: Float = 1f,
    condition: Write? = null,
  ): Map<String, Rows> {
    val number: Write = { writeInt(intArrayOf(layers)) }
    return run(
      "vary_$batch",
      listOf("image", "sample", "z"),
      mapOf(
        "z" to rows("z", z),
        "seed" to seeds(seed),
        "temperature" to all(temperature),
        "num_layers" to number,
        "condition" to condition,
      ),
    )
  }

  /** "image" of latents z [batch, D], given as one array. */
  fun decode(z: FloatArray, condition: Write? = null): Map<String, Rows> =
    run("decode_$batch", listOf("image"), mapOf("z" to rows("z", z), "condition" to condition))

  /**
   * The parameters of q(z|x) of images x [batch, height, width, channels], given as one array.
   *
   * @param names of the outputs, if this model has other ones.
   */
  fun encode(
    x: FloatArray,
    names: List<String> = listOf("loc", "scale"),
    condition: Write? = null,
  ): Map<String, Rows> =
    run("encode_$batch", names, mapOf("x" to rows("x", x), "condition" to condition))

  /** "image" of the latents of images x, which are given as in `encode`. */
  fun reconstruct(x: FloatArray, condition: Write? = null): Map<String, Rows> =
    run("reconstruct_$batch", listOf("image"), mapOf("x" to rows("x", x), "condition" to condition))

  /** The pairs (seed, 0), (seed, 1), … */
  private fun seeds(seed: Int): Write =
    { writeInt(IntArray(2 * batch) { i -> if (i % 2 == 0) seed else i / 2 }) }

  /** One number for each layer of latents. */
  private fun all(number: Float): Write = {
    require(number.isFinite() && number >= 0) {
      "temperature must be a number from 0 on, got $number."
    }
    writeFloat(FloatArray(readFloat().size) { number })
  }

  private fun rows(name: String, values: FloatArray): Write = {
    val size = readFloat().size
    require(values.size == size) {
      "$name must hold $batch rows of ${size / batch} numbers, $size in all; got ${values.size}."
    }
    require(values.all { it.isFinite() }) { "$name must hold finite numbers." }
    writeFloat(values)
  }

  private fun run(
    signature: String,
    names: List<String>,
    writes: Map<String, Write?>,
  ): Map<String, Rows> {
    val inputs = mutableMapOf<String, TensorBuffer>()
    val outputs = mutableMapOf<String, TensorBuffer>()
    try {
      for ((name, write) in writes) {
        if (write == null) continue
        val buffer = model.createInputBuffer(name, signature)
        inputs[name] = buffer
        buffer.write()
      }
      for (name in names) outputs[name] = model.createOutputBuffer(name, signature)
      model.run(inputs, outputs, signature)
      return outputs.mapValues { (_, buffer) -> Rows(buffer.readFloat(), batch) }
    } finally {
      (inputs.values + outputs.values).forEach { it.close() }
    }
  }

  override fun close() = model.close()
}
