// The page of a sealed session.

import "./parts/playback.ts";
import "./parts/review.ts";
