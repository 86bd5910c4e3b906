// Draws images by an exported generator, on iOS. This file could not be built where it was written.
// It needs Swift 5.7. Its calls are those of the pod TensorFlowLiteSwift 2.17, whose interpreter
// reads these files:
//
//   pod 'TensorFlowLiteSwift', '~> 2.17'
//
// let images = try Generator(path: path).sample(seed: 7)["image"]
//
// A conditional model needs a condition for each image of the batch, for instance the label 3:
//
// let threes = try generator.sample(seed: 7, condition: [Int32](repeating: 3, count: 16))

import Foundation
import TensorFlowLite

/// An input that isn't as the signature wants it.
struct InputError: LocalizedError {
  let errorDescription: String?
}

/// Calls a generator. Outputs come by name. An output has one array of numbers for each image; those
/// of an image are height by width by channels. Conditional models take a `condition`, in the
/// functions that the README.md of the export lists with one: labels [Int32], or images [Float], of
/// the whole batch.
final class Generator {
  private let interpreter: Interpreter
  private let batch: Int

  /// - Parameters:
  ///   - path: of generator.tflite.
  ///   - batch: one of the batch sizes that the file was exported with.
  init(path: String, batch: Int = 16) throws {
    interpreter = try Interpreter(modelPath: path)
    self.batch = batch
  }

  /// Draws images of the seeds (seed, 0), (seed, 1), …, the same on every device: "image", the mean of
  /// p(x|z); "sample", a draw of p(x|z); and "z".
  ///
  /// - Parameters:
  ///   - temperature: multiplies the prior's standard deviation, in all layers of latents.
  func sample<T>(
    seed: Int32, temperature: Float = 1, condition: [T] = [Float]()
  ) throws -> [String: [[Float]]] {
    let signature = "sample_with_temperature_\(batch)"
    return try run(signature, drawing(signature, seed, temperature), condition)
  }

  /// As `sample`, of latents z, as many as the batch holds, of a model with several layers of latents:
  /// only the lowest `layers` layers are drawn anew, so images of the same z differ in details.
  func vary<T>(
    z: [[Float]], seed: Int32, layers: Int32, temperature: Float = 1, condition: [T] = [Float]()
  ) throws -> [String: [[Float]]] {
    let signature = "vary_\(batch)"
    var inputs = try drawing(signature, seed, temperature)
    inputs["z"] = try rows(signature, "z", z)
    inputs["num_layers"] = bytes([layers])
    return try run(signature, inputs, condition)
  }

  /// "image" of latents z, as many as the batch holds.
  func decode<T>(z: [[Float]], condition: [T] = [Float]()) throws -> [String: [[Float]]] {
    try run("decode_\(batch)", "z", z, condition)
  }

  /// The parameters of q(z|x) of images x, as many as the batch holds: in most models "loc" and
  /// "scale".
  func encode<T>(x: [[Float]], condition: [T] = [Float]()) throws -> [String: [[Float]]] {
    try run("encode_\(batch)", "x", x, condition)
  }

  /// "image" of the latents of images x, as many as the batch holds.
  func reconstruct<T>(x: [[Float]], condition: [T] = [Float]()) throws -> [String: [[Float]]] {
    try run("reconstruct_\(batch)", "x", x, condition)
  }

  private func run<T>(
    _ signature: String, _ name: String, _ rows: [[Float]], _ condition: [T]
  ) throws -> [String: [[Float]]] {
    try run(signature, [name: rows(signature, name, rows)], condition)
  }

  /// The seeds (seed, 0), (seed, 1), …, and the temperature of each layer of latents.
  private func drawing(
    _ signature: String, _ seed: Int32, _ temperature: Float
  ) throws -> [String: Data] {
    guard temperature.isFinite, temperature >= 0 else {
      throw InputError(
        errorDescription: "temperature must be a number from 0 on, got \(temperature).")
    }
    let tensor = try interpreter.signatureRunner(with: signature).input(named: "temperature")
    let layers = tensor.data.count / MemoryLayout<Float>.stride
    return [
      "seed": bytes((0..<batch).flatMap { [seed, Int32($0)] }),
      "temperature": bytes([Float](repeating: temperature, count: layers)),
    ]
  }

  private func rows(_ signature: String, _ name: String, _ rows: [[Float]]) throws -> Data {
    let tensor = try interpreter.signatureRunner(with: signature).input(named: name)
    let size = tensor.data.count / MemoryLayout<Float>.stride / batch
    guard rows.count == batch, rows.allSatisfy({ $0.count == size }) else {
      let got = rows.map { String($0.count) }.joined(separator: ", ")
      throw InputError(
        errorDescription: "\(name) must hold \(batch) rows of \(size) numbers, got rows of \(got).")
    }
    guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw InputError(errorDescription: "\(name) must hold finite numbers.")
    }
    return bytes(rows.flatMap { $0 })
  }

  private func run<T>(
    _ signature: String, _ given: [String: Data], _ condition: [T]
  ) throws -> [String: [[Float]]] {
    var inputs = given
    if !condition.isEmpty { inputs["condition"] = bytes(condition) }
    let runner = try interpreter.signatureRunner(with: signature)
    guard Set(inputs.keys) == Set(runner.inputs) else {
      let (wanted, got) = (runner.inputs.sorted(), inputs.keys.sorted())
      throw InputError(errorDescription: "\(signature) takes \(wanted), got \(got).")
    }
    try runner.invoke(with: inputs)
    var outputs: [String: [[Float]]] = [:]
    for name in runner.outputs {
      let data = try runner.output(named: name).data
      let values = data.withUnsafeBytes { [Float]($0.bindMemory(to: Float.self)) }
      let size = values.count / batch
      outputs[name] = (0..<batch).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
    }
    return outputs
  }

  private func bytes<T>(_ values: [T]) -> Data {
    values.withUnsafeBufferPointer { Data(buffer: $0) }
  }
}
