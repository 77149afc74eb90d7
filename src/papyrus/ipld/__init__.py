"""Content-addressed data: CIDs, DAG-CBOR, records, block stores, HAMT, AMT, KAMT and CAR."""
