// Checked by tsc, never run: that the declarations take what they should, refuse what they should, and name exactly what
// the wasm exports. Beside the built package:
// tsc --noEmit --strict --target es2022 --module nodenext --lib es2022,esnext.disposable,dom,dom.iterable types.test-d.ts
import {
  type ErrorCode,
  type FileInfo,
  Preview,
  type PutResult,
  Session,
  VirtualFiles,
  VirtualFilesError,
  connect,
} from "./index.js";
import type * as wasm from "./virtual_files.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Names<T> = Exclude<keyof T, "free" | symbol>;
const names: [
  Same<Names<VirtualFiles>, Names<wasm.VirtualFiles>>,
  Same<Names<Session>, Names<wasm.Session>>,
  Same<Names<Preview>, Names<wasm.Preview>>,
] = [true, true, true];
void names;

async function takes(element: HTMLElement, input: HTMLInputElement, blob: Blob) {
  const vf: VirtualFiles = await connect({ origin: "http://{session}.virtual-files.localhost:8787", timeout: 5000 });
  const session: Session = await vf.session({ isolation: "shared", network: ["https://api.example.com"], spa: null });
  const result: PutResult = await session.put({ "index.html": "", "a.bin": new Uint8Array(4), b: new ArrayBuffer(1) });
  result.degraded?.trim();
  await session.put(new Map([["a", blob]]), { mode: "replace", onProgress: ({ done, total }) => done / total });
  await session.put([{ path: "a", content: "", type: "text/plain", modified: new Date() }]);
  await session.put([["a", new DataView(new ArrayBuffer(1))]]);
  await session.put(input.files!);
  await session.put([new File([], "a")]);
  await session.put(
    (function* () {
      yield { path: "a", content: "b" };
    })(),
    { signal: new AbortController().signal },
  );
  await session.delete(new Set(["a"]));
  const files: FileInfo[] = await session.list();
  const text: string = await (await session.read(files[0]!.path)).text();
  session.addEventListener("change", (event) => event.detail.version.toFixed() + text, { once: true });
  const preview: Preview = await session.mount(element, { html: "<p>", sandbox: "allow-forms" });
  const frame: HTMLIFrameElement = preview.element;
  preview.addEventListener("error", { handleEvent: (event) => event.detail.code });
  preview.dispose();
  await session.dispose();
  return frame;
}

async function refuses(session: Session, element: Element) {
  // @ts-expect-error The origin is needed.
  await connect({});
  // @ts-expect-error A number is no content.
  await session.put({ a: 1 });
  // @ts-expect-error A misspelt mode.
  await session.put({}, { mode: "replaced" });
  // @ts-expect-error No such isolation.
  await session.mount(element, { isolation: "none" });
  // @ts-expect-error No such event.
  session.addEventListener("load", () => {});
  // @ts-expect-error Only `connect` leads to sessions.
  new Session();
  // @ts-expect-error A session's id does not change.
  session.id = "other";
}

function errors(error: unknown): ErrorCode | undefined {
  if (error instanceof VirtualFilesError) {
    switch (error.code) {
      case "QUOTA_EXCEEDED":
        return error.code;
      // @ts-expect-error No such code.
      case "QUOTA":
        return undefined;
    }
  }
  return undefined;
}

void [takes, refuses, errors];
