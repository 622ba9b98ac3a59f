// The ledger's page.
import "./parts/ledger.ts";
