// The pages of a live session.

import "./parts/cockpit.ts";
import "./parts/room.ts";
