#!/bin/sh
# The whole job on the Maven CRM data: accounts with parents, opportunities, potential, tiers.
#   TOUCHSTONE_DATABASE_URL=sqlite:///maven.db docs/examples/maven/run.sh FOLDER
# The database has to be new; the folder holds accounts.csv and sales_pipeline.csv. docs/real-data.md tells what comes out.
set -eu
folder=${1:?name the folder of accounts.csv and sales_pipeline.csv}
book=$(dirname "$0")
run() { # shows the command as one would type it, then runs it
  printf '\n$ touchstone'
  for word in "$@"; do
    case $word in *' '*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '\n'
  touchstone "$@"
}

run db upgrade
run import maven-accounts "$folder/accounts.csv" --by data-team
run import maven-opportunities "$folder/sales_pipeline.csv" --by data-team
run data quality --limit 1

run rules check "$book"
run rules test "$book"
run rules publish "$book" --by sales-ops --reason "First rules for the accounts"

run decide --as-of 2018-01-01 --by schedule
run explain maven:Toughzap
run explain maven:Sonron --lang zh
run campaigns list

run replay --all
run audit verify
