// The verification page.
import "./parts/verify.ts";
