"""`python -m fastapi_bench`, in any folder."""

from fastapi_bench import main

main()
