// The moment that is pointed at, shared by all charts over time.

const watchers = [];
let at = null;

export const cursor = {
  get time() {
    return at;
  },
  set(time, source = null) {
    at = time;
    for (const watcher of watchers) watcher(time, source);
  },
  watch(watcher) {
    watchers.push(watcher);
  },
};
