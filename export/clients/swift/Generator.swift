// Draws images by an exported generator, on iOS. This file could not be built where it was written;
// its calls are those of the pod TensorFlowLiteSwift 2.17, whose interpreter reads these files:
//
//   pod 'TensorFlowLiteSwift', '~> 2.17'
//
// let images = try Generator(path: path).sample(seed: 7)
//
// A conditional model's is given for each image of the batch, for instance the labels 3:
//
// let threes = try generator.sample(seed: 7, condition: [Int32](repeating: 3, count: 16))

import Foundation
import TensorFlowLite

final class Generator {
  private let interpreter: Interpreter
  private let batch: Int

  /// - Parameters:
  ///   - path: of generator.tflite.
  ///   - batch: one of the batch sizes that it was exported with.
  init(path: String, batch: Int = 16) throws {
    interpreter = try Interpreter(modelPath: path)
    self.batch = batch
  }

  /// The images of the seeds (seed, 0), (seed, 1), …: the same ones on every device.
  ///
  /// - Parameters:
  ///   - condition: of conditional models, for the whole batch: labels [Int32], or images [Float].
  /// - Returns: for each its values in [0, 1], height by width by channels put end to end.
  func sample<T>(seed: Int32, condition: [T]) throws -> [[Float]] {
    let seeds = (0..<batch).flatMap { [seed, Int32($0)] }
    return try run("sample_\(batch)", "seed", bytes(seeds), bytes(condition))
  }

  func sample(seed: Int32) throws -> [[Float]] { try sample(seed: seed, condition: [Float]()) }

  /// The images of as many latents as the batch holds.
  func decode<T>(z: [[Float]], condition: [T]) throws -> [[Float]] {
    precondition(z.count == batch, "z must hold \(batch) rows, got \(z.count).")
    return try run("decode_\(batch)", "z", bytes(z.flatMap { $0 }), bytes(condition))
  }

  func decode(z: [[Float]]) throws -> [[Float]] { try decode(z: z, condition: [Float]()) }

  private func bytes<T>(_ values: [T]) -> Data {
    values.withUnsafeBufferPointer { Data(buffer: $0) }
  }

  private func run(
    _ signature: String, _ name: String, _ input: Data, _ condition: Data
  ) throws -> [[Float]] {
    var inputs = [name: input]
    if !condition.isEmpty { inputs["condition"] = condition }
    let runner = try interpreter.signatureRunner(with: signature)
    try runner.invoke(with: inputs)
    let data = try runner.output(named: "image").data
    let values = data.withUnsafeBytes { [Float]($0.bindMemory(to: Float.self)) }
    let size = values.count / batch
    return (0..<batch).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
  }
}
