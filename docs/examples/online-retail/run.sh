#!/bin/sh
# The whole job on UCI Online Retail II: from the file to decisions that are explained and replayed.
#   TOUCHSTONE_DATABASE_URL=sqlite:///retail.db docs/examples/online-retail/run.sh FOLDER/online_retail_II.parquet
# The database has to be new. docs/real-data.md tells what comes out.
set -eu
file=${1:?name the file online_retail_II.parquet}
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
run import online-retail "$file" --by data-team
run data quality --limit 3

run rules check "$book"
run rules test "$book"
run rules publish "$book" --by crm-ops --reason "First rules for the wholesaler"

run value fit --as-of 2010-09-01 --horizon 90 --by schedule
run model train --as-of 2010-09-01 --horizon 90 --by analyst --reason "First churn model"
run model predict --as-of 2010-09-01 --by schedule
run model evaluate --as-of 2010-09-01

run decide --as-of 2010-09-01 --by schedule
run explain retail:12395
run explain retail:12395 --lang zh
run campaigns list

run replay --all
run audit verify
