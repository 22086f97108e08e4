import "./people.js";
import "./wall.js";
import "./sheets.js";
import "./composer.js";
import { connect } from "./wire.js";

connect();
