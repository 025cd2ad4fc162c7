type Send = (request: Request) => Promise<Response>;

/** Too many requests; not available now. */
const passing = new Set([429, 503]);

const longestPause = 30_000;

/** Sends again, up to `retries` times, what failed for a passing reason. Writes keep their idempotency key. */
export function retrying(send: Send, retries: number): Send {
  return async (request) => {
    await ensureIdempotencyKey(request);
    for (let attempt = 0; ; attempt++) {
      let response: Response | undefined;
      try {
        response = await send(request.clone());
      } catch (error) {
        if (attempt >= retries || request.signal.aborted) throw error;
      }
      if (response && (attempt >= retries || !passing.has(response.status))) return response;
      await response?.body?.cancel();
      await pause(pauseAfter(response, attempt), request.signal);
    }
  };
}

/** Gives a write a key, unless its header, its query or its body has one. */
async function ensureIdempotencyKey(request: Request): Promise<void> {
  if (request.method === "GET" || request.method === "HEAD" || request.headers.has("Idempotency-Key")) return;
  if (new URL(request.url).searchParams.has("requestId") || (await bodyHasRequestId(request))) return;
  request.headers.set("Idempotency-Key", crypto.randomUUID());
}

async function bodyHasRequestId(request: Request): Promise<boolean> {
  const text = await request.clone().text();
  try {
    return Boolean(JSON.parse(text)?.requestId);
  } catch {
    return false;
  }
}

/** What the server asks for, else a time that doubles, with jitter so that callers do not come back all at once. */
function pauseAfter(response: Response | undefined, attempt: number): number {
  const asked = Number(response?.headers.get("Retry-After")) * 1000;
  const own = 200 * 2 ** attempt * (0.5 + Math.random());
  return Math.min(asked > 0 ? asked : own, longestPause);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
