import "./people.js";
import "./feed.js";
import "./dialogs.js";
import "./composer.js";
import "./gatherings.js";
import "./pictures/viewer.js";
import { connect } from "./socket.js";

connect();
