// The pages of coming in and of one's own account.

import "./parts/signin.ts";
import "./parts/account.ts";
import "./parts/ways.ts";
