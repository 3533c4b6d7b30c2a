/** The thread a program runs in: see `run-in-worker.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { type ByteWriter, DescriptorWriter, Recorder } from "n0-runtime";
import { runModule } from "./run.ts";
import type { WorkerAnswer, WorkerTask } from "./run-in-worker.ts";

const { bytes, allocator, maxMemory, args, recordPath, interactive } = workerData as WorkerTask;

parentPort!.postMessage(run());

function run(): WorkerAnswer {
  try {
    const recorder = recordPath === undefined ? undefined : new Recorder();
    const result = runModule(bytes, {
      ...(allocator === undefined ? {} : { allocator }),
      stdout: stdout(),
      ...(maxMemory === undefined ? {} : { maxMemory }),
      ...(args === undefined ? {} : { args }),
      ...(recorder === undefined ? {} : { recorder }),
    });
    recorder?.save(recordPath!);
    return { result };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** A terminal shows each line at once. */
function stdout(): ByteWriter {
  const writer = new DescriptorWriter(1);
  if (!interactive) return writer;
  return {
    write(bytes) {
      writer.write(bytes);
      writer.flush();
    },
    flush: () => writer.flush(),
  };
}
