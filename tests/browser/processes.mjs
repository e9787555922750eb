// The built programs as processes, ended with the story however it ends.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

const folder = process.env.DCC_FOLDER ?? new URL("../../src/Dcc.Cli/bin/Release/net10.0", import.meta.url).pathname;
const running = new Set();

/** dcc, Dcc.Coordinator or Dcc.Agent, with what it printed so far and its end. */
export class Program {
  output = "";
  #process;

  constructor(name, ...args) {
    const path = name === "dcc" ? join(folder, "dcc") : join(folder, "services", name, name);
    this.#process = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
    running.add(this);
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on("data", text => { this.output += text; });
    this.exit = new Promise(resolve => this.#process.on("close", code => {
      running.delete(this);
      resolve(code);
    }));
  }

  /** Sends a signal and waits for the end. */
  end(signal) {
    this.#process.kill(signal);
    return this.exit;
  }

  get ended() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async says(text) {
    while (!this.output.includes(text)) {
      if (this.ended) throw new Error(`the process ended before it said "${text}":\n${this.output}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

export const endAll = () => Promise.all([...running].map(program => program.end("SIGTERM")));

export const freePort = () => new Promise(resolve => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** A coordinator by hand; listening when it is returned. */
export async function coordinator(listen, http, ...args) {
  const program = new Program("Dcc.Coordinator", "--listen", `http://127.0.0.1:${listen}`, "--http", `http://127.0.0.1:${http}`, ...args);
  await program.says("Listening on");
  return program;
}
