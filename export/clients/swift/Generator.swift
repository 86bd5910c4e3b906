// Draws images by an exported generator, on iOS. This file could not be built where it was written;
// its calls are those of the pod TensorFlowLiteSwift 2.17, whose interpreter reads these files:
//
//   pod 'TensorFlowLiteSwift', '~> 2.17'
//
// let images = try Generator(path: path).sample(seed: 7)

import Foundation
import TensorFlowLite

/// A generator without a condition.
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
  /// - Returns: for each its values in [0, 1], height by width by channels put end to end.
  func sample(seed: Int32) throws -> [[Float]] {
    let seeds = (0..<batch).flatMap { [seed, Int32($0)] }
    return try run("sample_\(batch)", ["seed": seeds.withUnsafeBufferPointer { Data(buffer: $0) }])
  }

  /// The images of as many latents as the batch holds.
  func decode(z: [[Float]]) throws -> [[Float]] {
    precondition(z.count == batch, "z must hold \(batch) rows, got \(z.count).")
    let flat = z.flatMap { $0 }
    return try run("decode_\(batch)", ["z": flat.withUnsafeBufferPointer { Data(buffer: $0) }])
  }

  private func run(_ signature: String, _ inputs: [String: Data]) throws -> [[Float]] {
    let runner = try interpreter.signatureRunner(with: signature)
    try runner.invoke(with: inputs)
    let data = try runner.output(named: "image").data
    let values = data.withUnsafeBytes { [Float]($0.bindMemory(to: Float.self)) }
    let size = values.count / batch
    return (0..<batch).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
  }
}
