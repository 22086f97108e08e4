import "./people.js";
import "./feed.js";
import "./masonry.js";
import "./dialogs.js";
import "./composer.js";
import "./gatherings.js";
import "./desk_count.js";
import { connect } from "./socket.js";

connect();

// It may be installed; without a secure connection browsers know no workers.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
