import { unwrap, type Result } from "./problem.js";

/**
 * Goes through the pages of a list, each when it is asked for.
 *
 * ```ts
 * for await (const page of pages((pageToken) => client.GET("/v1/courses", { params: { query: { pageToken } } }))) {
 *   for (const course of page.courses) console.log(course.title);
 * }
 * ```
 */
export async function* pages<T extends { nextPageToken: string }>(
  list: (pageToken: string | undefined) => Promise<Result<T>>,
): AsyncGenerator<T, void, undefined> {
  let pageToken: string | undefined;
  do {
    const page = await unwrap(list(pageToken));
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken);
}
