// Draws images by an exported generator, on Android. This file could not be built where it was
// written; its calls are those of com.google.ai.edge.litert:litert:2.3.0. In build.gradle:
//
//   implementation("com.google.ai.edge.litert:litert:2.3.0")
//   androidResources { noCompress += "tflite" }
//
// Generator(context.assets, "generator.tflite").use { it.sample(7).image(0) }
//
// A conditional model's is given for each image of the batch, for instance the labels 3:
//
// generator.sample(7) { writeInt(IntArray(16) { 3 }) }

import android.content.res.AssetManager
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.TensorBuffer

/** Images [batch, height, width, channels] of values in [0, 1], put end to end. */
class Images(val values: FloatArray, val batch: Int) {
  /** Image b alone: [height, width, channels], put end to end. */
  fun image(b: Int): FloatArray {
    val size = values.size / batch
    return values.copyOfRange(b * size, (b + 1) * size)
  }
}

/** @param batch one of the batch sizes that it was exported with. */
class Generator(assets: AssetManager, name: String, private val batch: Int = 16) : AutoCloseable {
  private val model = CompiledModel.create(assets, name, CompiledModel.Options.CPU)

  /**
   * The images of the seeds (seed, 0), (seed, 1), …: the same ones on every device.
   *
   * @param condition of conditional models: writes that of the whole batch.
   */
  fun sample(seed: Int, condition: (TensorBuffer.() -> Unit)? = null): Images {
    val seeds = IntArray(2 * batch) { i -> if (i % 2 == 0) seed else i / 2 }
    return run("sample_$batch", listOf("image", "sample", "z"), "seed", condition) {
      writeInt(seeds)
    }
  }

  /** The images of latents z [batch, D], put end to end. */
  fun decode(z: FloatArray, condition: (TensorBuffer.() -> Unit)? = null): Images {
    require(z.size % batch == 0) { "z must hold $batch rows, got ${z.size} numbers." }
    return run("decode_$batch", listOf("image"), "z", condition) { writeFloat(z) }
  }

  private fun run(
    signature: String,
    names: List<String>,
    inputName: String,
    condition: (TensorBuffer.() -> Unit)?,
    input: TensorBuffer.() -> Unit,
  ): Images {
    val writers = mapOf(inputName to input, "condition" to condition)
    val inputs = mutableMapOf<String, TensorBuffer>()
    val outputs = names.associateWith { model.createOutputBuffer(it, signature) }
    try {
      for ((name, write) in writers) {
        if (write != null) inputs[name] = model.createInputBuffer(name, signature).apply(write)
      }
      model.run(inputs, outputs, signature)
      return Images(outputs.getValue("image").readFloat(), batch)
    } finally {
      (inputs.values + outputs.values).forEach { it.close() }
    }
  }

  override fun close() = model.close()
}
