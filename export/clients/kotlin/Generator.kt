// Draws images by an exported generator, on Android. This file could not be built where it was
// written; its calls are those of com.google.ai.edge.litert:litert:2.3.0. In build.gradle:
//
//   implementation("com.google.ai.edge.litert:litert:2.3.0")
//   androidResources { noCompress += "tflite" }
//
// Generator(context.assets, "generator.tflite").use { it.sample(7).image(0) }

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

/**
 * A generator without a condition.
 *
 * @param batch one of the batch sizes that it was exported with.
 */
class Generator(assets: AssetManager, name: String, private val batch: Int = 16) : AutoCloseable {
  private val model = CompiledModel.create(assets, name, CompiledModel.Options.CPU)

  /** The images of the seeds (seed, 0), (seed, 1), …: the same ones on every device. */
  fun sample(seed: Int): Images {
    val signature = "sample_$batch"
    val seeds = IntArray(2 * batch) { i -> if (i % 2 == 0) seed else i / 2 }
    val input = model.createInputBuffer("seed", signature).apply { writeInt(seeds) }
    return run(mapOf("seed" to input), listOf("image", "sample", "z"), signature)
  }

  /** The images of latents z [batch, D], put end to end. */
  fun decode(z: FloatArray): Images {
    val signature = "decode_$batch"
    require(z.size % batch == 0) { "z must hold $batch rows, got ${z.size} numbers." }
    val input = model.createInputBuffer("z", signature).apply { writeFloat(z) }
    return run(mapOf("z" to input), listOf("image"), signature)
  }

  private fun run(
    inputs: Map<String, TensorBuffer>,
    names: List<String>,
    signature: String,
  ): Images {
    val outputs = names.associateWith { model.createOutputBuffer(it, signature) }
    try {
      model.run(inputs, outputs, signature)
      return Images(outputs.getValue("image").readFloat(), batch)
    } finally {
      (inputs.values + outputs.values).forEach { it.close() }
    }
  }

  override fun close() = model.close()
}
